"""A gateway in a web application of one's own: the HTTP API of its sessions beside its own pages.

    $ pip install 'argentos[gateway]'
    $ python examples/web.py STATE_DIR 8000
    $ curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -N \
        -H 'Accept: text/event-stream' -d '{"content": "Hello?"}' localhost:8000/argent/api/v1/sessions/maren/messages

SIGTERM ends it in order: the gateway takes no more messages, lets turns that run end, and ends the streams of events,
for which the server waits. FastAPI mounts it in the same way.
"""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from argentos import FileStore, Model, OfflineModel, Supervisor
from argentos.gateway import Access, Gateway


async def home(_: Request) -> Response:
    """A page of one's own."""
    return PlainTextResponse("The sessions are at /argent/api/v1.")


def application(state_dir: str, model: Model) -> tuple[Starlette, Access]:
    """The application, and who may ask its gateway."""
    access = Access(state_dir)
    gateway = Gateway(Supervisor(FileStore(state_dir), model), access)
    routes = [Route("/", home), Mount("/argent", gateway.application())]
    return Starlette(routes=routes, lifespan=gateway.lifespan), access


def main(state_dir: str, port: int, model: Model | None = None) -> None:
    """Serve until a signal comes."""
    app, access = application(state_dir, model or OfflineModel())
    if not access.tokens.all():
        print("token:", access.tokens.new("example"), flush=True)  # shown once; only a hash of it is kept
    uvicorn.run(app, port=port, log_level="warning", timeout_graceful_shutdown=15)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
