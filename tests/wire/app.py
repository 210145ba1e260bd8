# SPDX-License-Identifier: MIT
"""What tests of the app share: a meter that serves it, and its Bluetooth."""
import http.client
import json

import serve

SERIAL = "19020246"

# From the measuring pages to the Bluetooth item, and the other of on and off chosen there.
SWITCH = ({"step": "61s"}, {"press": "middle", "hold": "3.1s"}, {"step": "4s"}, {"press": "middle"}, {"step": "1s"},
          {"press": "right"}, {"step": "1s"}, {"press": "middle"}, {"step": "1s"})


class App(serve.Serve):
    """A running meter with --app; Bluetooth is on unless on=False."""

    def __init__(self, scenario=None, options=(), on=True, address="127.0.0.1:0", **more):
        super().__init__(scenario, options=("--app", address, *options), **more)
        self.url = next(line.split()[1] for line in self.lines if line.startswith("app ")).rstrip("/")
        self.address = self.url.removeprefix("http://")
        if on:
            self.switch()

    def switch(self, number=None):
        """Switches Bluetooth on or off with the meter's buttons."""
        for request in ({"pause": True}, *SWITCH, {"pause": False}):
            if "press" in request and number:
                request = {**request, "meter": number}
            answer = self.ask(request)
            assert answer["ok"], answer
        self.round()

    def request(self, method, path, body=None, headers=None, connection=None):
        """One HTTP request as it stands. The response with .body"""
        own = connection or http.client.HTTPConnection(self.address, timeout=30)
        try:
            own.request(method, path, body, headers or {})
            response = own.getresponse()
            response.body = response.read()
            return response
        finally:
            if not connection:
                own.close()

    def read(self, path, status=200):
        """The JSON under a path of the API."""
        response = self.request("GET", "/api/meters" + path)
        assert response.status == status, (path, response.status, response.body)
        assert response.headers["Content-Type"] == "application/json"
        return json.loads(response.body)

    def change(self, changes, password="0000", serial=SERIAL, **headers):
        """Asks for changes: status, answer and seconds to wait."""
        response = self.request("POST", f"/api/meters/{serial}/settings",
                                json.dumps({"password": password, "changes": changes}),
                                {"Content-Type": "application/json", **headers})
        return response.status, json.loads(response.body), int(response.headers["Retry-After"] or 0)

    def refuses(self):
        """Is nobody there?"""
        try:
            self.request("GET", "/")
        except ConnectionRefusedError:
            return True
        return False
