"""Training steps of the in-context regression transformer in PyTorch, behind the bench protocol of worker.py.

usage: python training.py (eager | compile) THREADS
Params: {"batch": B, "layers": L, "steps": N, "runs": R}: a run is N updates of each of R models.
"""

import math
import multiprocessing
import sys

import torch
from torch import nn

from worker import serve

EXAMPLES, TASK, WIDTH, HEADS, TASKS, NOISE = 8, 4, 64, 4, 64, 0.125
TOKENS, HEAD = 2 * EXAMPLES, WIDTH // HEADS
BATCHES, LEARNING_RATE, COMPARED = 8, 1e-3, 3


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.up, self.down = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm_attention, self.norm_mlp = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.register_buffer("mask", torch.log(torch.tril(torch.ones(TOKENS, TOKENS))))

    def forward(self, x):
        batch = x.shape[0]
        fused = self.qkv(self.norm_attention(x)).view(batch, TOKENS, HEADS, 3 * HEAD).transpose(1, 2)
        q, k, v = fused.split(HEAD, dim=-1)
        pattern = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(HEAD) + self.mask, -1)
        x = x + (pattern @ v).transpose(1, 2).reshape(batch, TOKENS, WIDTH)
        return x + self.down(torch.relu(self.up(self.norm_mlp(x))))


class Regression(nn.Module):
    """The parts are made in the order in which the seeded original draws them, so the weights are equal."""

    def __init__(self, layers):
        super().__init__()
        self.tokens = nn.Linear(TASK + 1, WIDTH, bias=False)
        self.positions = nn.Linear(TOKENS, WIDTH, bias=False)
        self.blocks = nn.ModuleList([Block() for _ in range(layers)])
        self.norm, self.unembed = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, TASK + 1)

    def forward(self, xs, ys):
        batch = xs.shape[0]
        x_tokens = torch.cat([torch.zeros_like(ys), xs], -1)
        y_tokens = torch.cat([ys, torch.zeros_like(xs)], -1)
        tokens = torch.stack([x_tokens, y_tokens], 2).view(batch, TOKENS, TASK + 1)
        x = self.tokens(tokens) + self.positions.weight.t()
        for block in self.blocks:
            x = x + block(x)
        return self.unembed(self.norm(x))[:, ::2, :1]


def draw(tasks, batch, seed):
    torch.manual_seed(seed)
    w = tasks[torch.randint(TASKS, (batch,))]
    xs = torch.randn(batch, EXAMPLES, TASK)
    noise = torch.normal(0.0, math.sqrt(NOISE), (batch, EXAMPLES, 1))
    return xs, xs @ w.view(batch, TASK, 1) + noise


def trainee(params, threads, compiled):
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = Regression(params["layers"])
    torch.manual_seed(1)
    tasks = torch.randn(TASKS, TASK)
    batches = [draw(tasks, params["batch"], 3 + i) for i in range(BATCHES)]
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def loss_of(xs, ys):
        return ((model(xs, ys) - ys) ** 2).mean()

    if compiled:
        loss_of = torch.compile(loss_of, dynamic=False)
    state = {"step": 0, "losses": []}

    def run():
        for _ in range(params["steps"]):
            xs, ys = batches[state["step"] % BATCHES]
            loss = loss_of(xs, ys)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            # both sides hand the loss of every step to the host
            value = loss.item()
            if state["step"] < COMPARED:
                state["losses"].append(value)
            state["step"] += 1
        return state["losses"]

    return run


def child(pipe, params, compiled):
    run = trainee(params, 1, compiled)
    pipe.send("ready")
    try:
        while pipe.recv():
            pipe.send(run())
    except EOFError:
        pass  # the parent has ended


def side_by_side(params, compiled):
    context = multiprocessing.get_context("spawn")
    pipes = []
    for _ in range(params["runs"]):
        ours, theirs = context.Pipe()
        context.Process(target=child, args=(theirs, params, compiled), daemon=True).start()
        pipes.append(ours)
    for pipe in pipes:
        pipe.recv()

    def run():
        for pipe in pipes:
            pipe.send(True)
        return [pipe.recv() for pipe in pipes][0]

    return run


def load():
    compiled, threads = sys.argv[1] == "compile", int(sys.argv[2])
    made = {}

    def make(params):
        key = str(params)
        if key not in made:
            if params["runs"] > 1:
                made[key] = side_by_side(params, compiled)
            else:
                made[key] = trainee(params, threads, compiled)
        return made[key], lambda losses: losses

    return {"python": sys.version.split()[0], "torch": torch.__version__}, make


if __name__ == "__main__":
    serve(load)
