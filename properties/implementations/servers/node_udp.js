// Datagrams by Node's dgram. Not for: streams. Usage: node_udp.js PORT
const dgram = require('node:dgram');

const server = dgram.createSocket('udp4');
server.on('message', (message, sender) => {
  server.send(message, sender.port, sender.address);
});
server.bind(Number(process.argv[2]), '127.0.0.1');
