"""Lets go of what of Microdot nobody needs here, a third of it: its server and its routes, since
we have our own, its forms, files and cookies.
"""

import microdot

_SPARE = (
    ("Microdot", "route get post put patch delete query before_request after_request"
     " after_error_request errorhandler mount start_server run shutdown find_route"
     " default_options_handler handle_request error_response"),
    ("Request", "create stream json form files after_request _safe_readline"),
    ("Response", "set_cookie delete_cookie redirect send_file types_map"),
    ("", "URLPattern AsyncBytesIO urlencode redirect send_file"),
)


def trim() -> None:
    """Once it was imported; again does no harm."""
    for name, spare in _SPARE:
        owner = getattr(microdot, name) if name else microdot
        for attribute in spare.split():
            setattr(owner, attribute, None)
