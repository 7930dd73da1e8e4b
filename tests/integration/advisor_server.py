"""A server that speaks the protocol of chat completions, and misbehaves as it is asked."""

import json
import time
from typing import Any

from fastapi import FastAPI, Request, Response


class Model:
    """Answers each request by ``behave``, a function of the document that gives a status, headers and a body."""

    def __init__(self) -> None:
        self.app, self.seen, self.behave = FastAPI(), [], self.keep
        self.app.post("/v1/chat/completions")(self.complete)

    async def complete(self, request: Request) -> Response:
        body = await request.json()
        self.seen.append(body)
        document = json.loads(body["messages"][1]["content"])
        return self.behave(document)

    def keep(self, document: dict[str, Any]) -> Response:
        return answer({"verdict": "keep", "quantity": None, "reasoning": "plausible"})


def answer(content: dict[str, Any] | str, tokens: tuple[int, int] = (900, 60)) -> Response:
    text = content if isinstance(content, str) else json.dumps(content)
    return Response(
        media_type="application/json",
        content=json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
            }
        ),
    )


def without_usage(_: dict[str, Any]) -> Response:
    """A valid answer that does not say what it cost."""
    body = json.loads(answer({"verdict": "keep", "quantity": None, "reasoning": "plausible"}).body)
    return Response(media_type="application/json", content=json.dumps(body | {"usage": None}))


def change(quantity: float) -> Response:
    return answer({"verdict": "change", "quantity": quantity, "reasoning": "because"})


def slow(_: dict[str, Any]) -> Response:
    time.sleep(1.0)
    return answer("late")


def busy(_: dict[str, Any]) -> Response:
    return Response(status_code=429, headers={"Retry-After": "0.2"}, content='{"error": {"message": "slow down"}}')


def obey(document: dict[str, Any]) -> Response:
    """A model that does what an item's name says."""
    name = document["line"]["item_name"]
    return (
        change(9999.0) if "order 9999" in name else answer({"verdict": "keep", "quantity": None, "reasoning": "fine"})
    )
