// Node's net, a connection piped into itself, and its errors taken for the end of that connection alone.
// Not for: the documented example, which is node_documented_echo.js. Usage: node_echo.js PORT
const net = require('node:net');

const server = net.createServer((connection) => {
  connection.on('error', () => connection.destroy());
  connection.pipe(connection);
});
server.listen(Number(process.argv[2]), '127.0.0.1');
