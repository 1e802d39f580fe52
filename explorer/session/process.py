"""What the server's process needs before a page computes."""

from functools import cache


@cache
def set_up() -> None:
    """Import PyTorch, which takes seconds, and let it use one thread.

    Eight dreams take one core a few milliseconds. With more threads, viewers would wait for one
    another. The number holds in all threads that begin to compute after this.
    """
    import torch

    torch.set_num_threads(1)
