"""A tracker over TLS for the tests.

https_tracker.py PORT

Its certificate and key are cert.pem and key.pem in the current folder. Gives everybody everybody
who announced before. Prints READY when it listens, and each request.
"""
import http.server
import ssl
import struct
import sys
import urllib.parse

known = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.requestline, flush=True)
        query = dict(urllib.parse.parse_qsl(self.path.partition("?")[2], encoding="latin-1"))
        port = int(query["port"])
        peers = b"".join(bytes((127, 0, 0, 1)) + struct.pack("!H", other) for other in known if other != port)
        if query.get("event") == "stopped":
            known.pop(port, None)
        else:
            known[port] = True
        body = b"d8:intervali1800e5:peers%d:%se" % (len(peers), peers)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("cert.pem", "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print("READY", flush=True)
server.serve_forever()
