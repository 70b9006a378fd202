"""POST /api/restart, and POST /api/factory: a gateway as it was when it was new."""

from firmware.rarely import load


def post(request):
    """Restart in a second, when the answer is on its way; or forget all before."""
    if request.name == "factory":
        return _factory(request)
    request.app.gateway.restart()
    return {"restart": True}


async def _factory(request):
    """Forget all settings and restart; who asks proves once more that he may."""
    given = load("portal.body").read(request)
    asked = request.app.guard.sessions.verify(given.get("password"))
    await load("portal.api_session").proven(request, asked, 403)
    request.app.gateway.factory()
    return {"restart": True}
