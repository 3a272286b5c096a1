"""llama.cpp's server through xllamacpp, run by a Python that has it: ``serve_llama_cpp.py '{"model": ...}'``.

Ends when it is terminated. Imports nothing of this project.
"""

import json
import sys
import threading

import xllamacpp  # type: ignore[import-not-found,unused-ignore]

options = json.loads(sys.argv[1])
params = xllamacpp.CommonParams()
params.model.path = options["model"]
params.port = options["port"]
params.n_ctx = options["window"] * options["slots"]
params.n_parallel = options["slots"]
params.endpoint_props = True
if options["chat_template"]:
    params.chat_template = options["chat_template"]
server = xllamacpp.Server(params)
threading.Event().wait()
