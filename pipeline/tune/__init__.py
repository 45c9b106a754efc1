"""The command ``tune``: find the layout of Ollama that translates the user's own texts fastest.

It has two forms, which share sample, load and words:

- **On a machine of one's own** it starts ``ollama serve`` itself, on spare ports: one server for each GPU, or one over
  all; with more and more slots; then with flash attention; then with a smaller type of KV cache. Each layout gets a
  fresh server, a load of the model, a warm-up and a measured window with the requests that a run would send. Then the
  servers are stopped, whatever happens. (``layouts``, ``servers``, ``trial``, ``search``)
- **For hosts that run already** (``--hosts``) it raises the number of requests in flight on each host until throughput
  no longer grows, then measures all hosts together. (``curve``)

Decisions:

- **A search in stages, not a grid.** The slots of a layout are doubled until the gain is below 5 %, or until the model
  no longer fits the GPUs; only the best layout so far is tried with other settings. That is 8 to 16 trials instead of
  more than a hundred. Within 5 %, the layout that was tried earlier wins: it is the simpler one, with fewer slots.
- **The window is measured under steady load.** It begins when every slot has answered once, and the load lasts until
  all requests that touch the window have been answered. A request counts with the share of its work that lies within
  the window, so that windows may be shorter than answers. Throughput is counted in characters of source text and shown
  as rows of the sample's mean length: settings may change the number of tokens, never the work.
- **Nothing is left behind.** Servers run in process groups of their own and are stopped with SIGTERM, then SIGKILL,
  also after Ctrl-C, SIGTERM and errors. On Linux they get SIGTERM if this process is killed.
- **The time is bounded** by ``--tune_seconds``; what was not tried is said.
- **Texts are private.** They go to the measured hosts only, and nothing of them is printed. The servers' log is a
  temporary file, of which only the reason of a failed start is read.
"""
