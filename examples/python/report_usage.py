"""Reports usage to Ballast from Python: batches, retries under the same ids, loses nothing in silence.

    BALLAST_URL=http://127.0.0.1:3000 BALLAST_KEY=... python3 report_usage.py < events.ndjson

Each line is an event: {"accountId": "a", "model": "m", "inputTokens": 10, "outputTokens": 5}. Give an "id" of your own
where you can (the request's id): the same one again is charged once. Needs `pip install requests`.
"""
import json
import os
import random
import sys
import time
import uuid
from datetime import datetime, timezone

import requests

BATCH_EVENTS = 500  # the API takes up to 5,000
TIMEOUT_SECONDS = 10
WAIT_SECONDS_MAX = 10
# Refused, cut off at any point, too late, or not Ballast's: a login page of a proxy says nothing about the events.
NO_ANSWER = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError, requests.exceptions.JSONDecodeError)


class Ballast:
    """One per thread: a requests.Session is not shared between threads."""

    def __init__(self, url, key):
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {key}"
        self.buffer = []
        self.rejected = []

    def allows(self, account_id):
        """May the account run inference now? Fails closed: without an answer, nobody may."""
        try:
            answer = self.session.get(f"{self.url}/v1/accounts/{account_id}/gate", timeout=TIMEOUT_SECONDS)
        except requests.RequestException:
            return False
        return answer.status_code == 200 and answer.json()["allowed"]

    def report(self, event):
        """Takes an event to be sent with the next batch."""
        event.setdefault("id", str(uuid.uuid4()))  # before it is sent first: a retry must be the same event
        event.setdefault("at", datetime.now(timezone.utc).isoformat())
        self.buffer.append(event)
        if len(self.buffer) >= BATCH_EVENTS:
            self.flush()

    def flush(self):
        """Returns when all that was reported is durable, or in `rejected` with its reason."""
        while self.buffer:
            batch = self.buffer[:BATCH_EVENTS]
            for rejection in self._send(batch)["rejected"]:
                self.rejected.append({**rejection, "event": batch[rejection["index"]]})
            del self.buffer[: len(batch)]  # only now: whatever was thrown before, they are still here

    def _send(self, batch):
        """Until there is an answer. A lost answer does no harm: the same ids are charged once."""
        failures = 0
        while True:
            wait = min(WAIT_SECONDS_MAX, 0.1 * 2**failures) * random.uniform(0.5, 1)
            try:
                answer = self.session.post(f"{self.url}/v1/usage", json={"events": batch}, timeout=TIMEOUT_SECONDS)
                if answer.status_code == 200:
                    return answer.json()
                if answer.status_code not in (408, 429) and answer.status_code < 500:
                    answer.raise_for_status()  # a wrong key or request: no retry mends it
                if answer.headers.get("Retry-After", "").isdigit():
                    wait = max(wait, int(answer.headers["Retry-After"]))
            except NO_ANSWER as error:
                print(f"trying again: {error}", file=sys.stderr)
            time.sleep(wait)
            failures = min(failures + 1, 20)


def main():
    ballast = Ballast(os.environ["BALLAST_URL"], os.environ["BALLAST_KEY"])
    reported = 0
    try:
        for line in filter(str.strip, sys.stdin):
            ballast.report(json.loads(line))
            reported += 1
    finally:
        ballast.flush()
    for rejection in ballast.rejected:
        print(json.dumps(rejection), file=sys.stderr)
    print(json.dumps({"reported": reported, "rejected": len(ballast.rejected)}))
    sys.exit(1 if ballast.rejected else 0)


if __name__ == "__main__":
    main()
