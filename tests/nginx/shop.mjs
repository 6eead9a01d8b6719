// A small shop that knows nothing of us but two things: the header Wr-Lease, and one call.
import { createServer } from 'node:http';

const { PORT, ROOM, API, SHOP_KEY } = process.env;

async function release(lease) {
  const answer = await fetch(`${API}/api/v1/rooms/${ROOM}/leases/release`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${SHOP_KEY}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ leases: [lease] }),
  });
  return answer.ok;
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://shop');
  const lease = request.headers['wr-lease'] ?? '';
  const say = (status, value, headers = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
  for await (const _ of request);
  if (url.pathname === '/checkout' && request.method === 'POST') {
    return say(200, { order: 1001, released: await release(lease) });
  }
  if (url.pathname === '/order/thanks') {
    return say(url.searchParams.get('fails') ? 402 : 200, { thanks: true });
  }
  if (url.pathname === '/session') {
    return say(200, { lease }, { 'Set-Cookie': `basket=${url.searchParams.get('id')}; Path=/` });
  }
  if (url.pathname === '/broken') return say(500, { error: 'the shop' });
  const cache = { 'Cache-Control': 'public, max-age=600' };
  return say(200, { path: request.url, lease, cookie: request.headers.cookie ?? '' }, cache);
}).on('upgrade', (request, socket) => {
  const lease = request.headers['wr-lease'];
  socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${lease} `
    + request.headers.upgrade);
}).listen(Number(PORT), '127.0.0.1');
