// An echo client: standard input piped into a connection, and that into standard output. Written for
// the zoo in the usual way.
const connection = require('net').connect({ host: process.argv[2], port: Number(process.argv[3]) });
let sent = 0, received = 0;
process.stdin.on('data', (data) => { sent += data.length; });
connection.on('data', (data) => { received += data.length; });
connection.on('error', (error) => { console.error(String(error)); process.exit(1); });
process.stdin.pipe(connection);
connection.pipe(process.stdout, { end: false });
connection.on('close', () => {
  const whole = process.stdin.readableEnded && received === sent;
  process.stdout.write('', () => process.exit(whole ? 0 : 1));
});
