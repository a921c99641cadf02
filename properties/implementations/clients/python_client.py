"""An echo client: two threads, one for each direction. Written for the zoo in the usual way."""
import socket
import sys
import threading

connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sent = 0


def pump():
    global sent
    while data := sys.stdin.buffer.raw.read(65536):
        connection.sendall(data)
        sent += len(data)
    connection.shutdown(socket.SHUT_WR)


sender = threading.Thread(target=pump, daemon=True)
sender.start()
received = 0
while data := connection.recv(65536):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    received += len(data)
sender.join(timeout=1)
sys.exit(0 if not sender.is_alive() and received == sent else "the server ended early")
