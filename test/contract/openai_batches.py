"""A batch from upload to deletion with OpenAI's client, unchanged. What it saw is printed as JSON."""

import json
import os
import sys
import time

from openai import ConflictError, OpenAI

client = OpenAI(api_key=os.environ["KEY"], base_url=os.environ["BASE_URL"])
ENDED = ("completed", "failed", "expired", "cancelled")


def upload(path):
    with open(path, "rb") as file:
        return client.files.create(file=file, purpose="batch")


def create(file_id):
    return client.batches.create(
        input_file_id=file_id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"made_by": "python"},
    )


def end_of(batch_id):
    for _ in range(300):
        batch = client.batches.retrieve(batch_id)
        if batch.status in ENDED:
            return batch
        time.sleep(0.2)
    sys.exit(f"{batch_id} has not ended")


file = upload(sys.argv[1])
first, second = create(file.id), create(file.id)
try:
    client.files.delete(file.id)
    in_use = False
except ConflictError:
    in_use = True
cancelled = client.batches.cancel(second.id)
print("cancelled: the first may be executed now", flush=True)
first, second = end_of(first.id), end_of(second.id)
# A page of one each: the client asks for the next by itself.
paged = [batch.id for batch in client.batches.list(limit=1)]
files = [one.id for one in client.files.list(purpose="batch", limit=1)]
output = client.files.content(first.output_file_id).text
answers = [json.loads(line) for line in output.splitlines()]
deleted = [client.files.delete(one).deleted for one in (file.id, first.output_file_id)]

print(
    json.dumps(
        {
            "file": {"bytes": file.bytes, "purpose": file.purpose, "listed": file.id in files},
            "in_use": in_use,
            "first": {
                "status": first.status,
                "completed": first.request_counts.completed,
                "total": first.request_counts.total,
                "metadata": first.metadata,
            },
            "cancelled": cancelled.status,
            "second": second.status,
            "paged": [one in paged for one in (first.id, second.id)],
            "answered": [answer["custom_id"] for answer in answers],
            "deleted": deleted,
        }
    )
)
