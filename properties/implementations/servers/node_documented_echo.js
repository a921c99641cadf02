// Node's net in the way of its documented example: a connection is piped into itself, and nobody listens for its
// 'error' event. Not for: a server that outlives a reset, which is node_echo.js. Usage: node_documented_echo.js PORT
const net = require('node:net');

const server = net.createServer((connection) => {
  connection.pipe(connection);
});
server.on('error', (error) => {
  throw error;
});
server.listen(Number(process.argv[2]), '127.0.0.1');
