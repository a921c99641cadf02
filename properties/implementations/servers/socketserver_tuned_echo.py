"""socketserver_echo.py with what its class attributes leave to the user: queue, address reuse, accept's errors.

Not for: showing socketserver's defaults. Usage: socketserver_tuned_echo.py PORT
"""
import socketserver
import sys
import time


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data)
        except ConnectionError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        try:
            return super().get_request()
        except OSError:  # serve_forever() would ask again at once, for as long as descriptors are short
            time.sleep(0.1)
            raise


with Server(("127.0.0.1", int(sys.argv[1])), Echo) as server:
    server.serve_forever()
