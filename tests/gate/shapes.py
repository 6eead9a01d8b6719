"""Requests whose end two parsers may see in different places, for tests of request smuggling."""

HIDDEN = b"POST /ROOM/ticket HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
"""What would be carried out if the gate saw the end before it."""
HEAD = b"POST /ROOM/leave HTTP/1.1\r\nHost: h\r\n"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"


def framed(*headers: bytes, body: bytes = CHUNKS, head: bytes = HEAD) -> bytes:
    """A request with these headers and this body, and the hidden one behind it."""
    return head + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body + HIDDEN


TE, CL = b"Transfer-Encoding: ", b"Content-Length: "
SMUGGLING = {
    "a length, then chunks": framed(CL + b"4", TE + b"chunked"),
    "chunks, then a length": framed(TE + b"chunked", CL + b"4"),
    "two lengths": framed(CL + b"2", CL + b"12", body=b"{}"),
    "two lengths of nought and more": framed(CL + b"0", CL + b"2", body=b"{}"),
    "a list of lengths": framed(CL + b"2, 12", body=b"{}"),
    "a length in hex": framed(CL + b"0x2", body=b"{}"),
    "a length with a sign": framed(CL + b"+2", body=b"{}"),
    "a length with an underscore": framed(CL + b"1_0", body=b"{}"),
    "a length of spaces": framed(CL + b" ", body=b"{}"),
    "a length with letters": framed(CL + b"2a", body=b"{}"),
    "a length too large for any machine": framed(CL + b"9" * 40, body=b"{}"),
    "a coding that is none": framed(TE + b"identity"),
    "a coding that is no coding": framed(TE + b"xchunked"),
    "a coding with a letter in front": framed(TE + b"\x0bchunked"),
    "chunks, then no coding": framed(TE + b"chunked, identity"),
    "chunks in the middle": framed(TE + b"gzip, chunked, identity"),
    "chunks twice": framed(TE + b"chunked, chunked"),
    "chunks in two headers": framed(TE + b"chunked", TE + b"chunked"),
    "a coding in quotes": framed(TE + b'"chunked"'),
    "an empty coding": framed(TE),
    "a folded coding": framed(b"Transfer-Encoding:\r\n chunked"),
    "a space before the colon": framed(b"Transfer-Encoding : chunked", CL + b"2", body=b"{}"),
    "a tab before the colon": framed(b"Content-Length\t: 2", body=b"{}"),
    "a NUL in the name": framed(b"Content-Length\0: 2", body=b"{}"),
    "a name that is no word": framed(b"Content-Length\xa0: 2", body=b"{}"),
    "a coding in HTTP/1.0": framed(TE + b"chunked", head=HEAD.replace(b"1.1", b"1.0")),
    "a line's end that is only a line feed": framed(b"X: a\nTransfer-Encoding: chunked"),
    "a head that ends in line feeds": HEAD + CL + b"2\n\n{}" + HIDDEN,
    "a carriage return alone": framed(b"X: a\rTransfer-Encoding: chunked", CL + b"2", body=b"{}"),
    "a space before the first header": HEAD.replace(b"\r\nHost", b"\r\n Host") + b"\r\n" + HIDDEN,
    "a header without a colon": framed(b"Transfer-Encoding chunked", CL + b"2", body=b"{}"),
    "a header without a name": framed(b": chunked", CL + b"2", body=b"{}"),
    "two hosts": framed(b"Host: other", CL + b"2", body=b"{}"),
    "a size with a sign": framed(TE + b"chunked", body=b"+2\r\n{}\r\n0\r\n\r\n"),
    "a size in 0x": framed(TE + b"chunked", body=b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a size with an underscore": framed(TE + b"chunked", body=b"0_2\r\n{}\r\n0\r\n\r\n"),
    "a size with a space in front": framed(TE + b"chunked", body=b" 2\r\n{}\r\n0\r\n\r\n"),
    "a size of nothing": framed(TE + b"chunked", body=b"\r\n{}\r\n0\r\n\r\n"),
    "a size below nought": framed(TE + b"chunked", body=b"-1\r\n{}\r\n0\r\n\r\n"),
    "a size too large for any machine": framed(
        TE + b"chunked", body=b"F" * 17 + b"\r\n" + b"{}" * 9_000
    ),
    "a size that ends in a line feed": framed(TE + b"chunked", body=b"2\n{}\r\n0\r\n\r\n"),
    "a size that ends in a carriage return": framed(TE + b"chunked", body=b"2\r{}\r\n0\r\n\r\n"),
    "a chunk that is longer than it says": framed(TE + b"chunked", body=b"2\r\n{} \r\n0\r\n\r\n"),
    "a chunk that ends in a line feed": framed(TE + b"chunked", body=b"2\r\n{}\n0\r\n\r\n"),
    "a chunk without an end": framed(TE + b"chunked", body=b"2\r\n{}0\r\n\r\n"),
    "an extension with a line feed": framed(TE + b"chunked", body=b"2;a\nb\r\n{}\r\n0\r\n\r\n"),
    "an extension without an end": framed(TE + b"chunked", body=b"2;" + b"a" * 70_000),
    "a trailer with a line feed": framed(TE + b"chunked", body=b"2\r\n{}\r\n0\r\nX: a\nb\r\n\r\n"),
}
"""None of them may be answered as if it were good, with the hidden one carried out."""
