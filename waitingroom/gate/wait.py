from waitingroom.gate.http import refusal_response


async def show(gate, request, known):
    raise 1


def notice(gate, request, refusal):
    return refusal_response(refusal)
