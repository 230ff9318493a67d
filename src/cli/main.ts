#!/usr/bin/env node
import { EXIT } from "./errors.js";
import { processIo } from "./io.js";
import { run } from "./run.js";

/** How long a command may take to tidy up after Ctrl-C, in milliseconds, unless it asks for more. */
let tidyFor = 700;

const interrupt = new AbortController();
process.once("SIGINT", () => {
	interrupt.abort();
	// the engine's thread may be deep in native code, which nothing can stop; ending a process in the usual
	// way would wait for it, the signal does not (and gives the same exit code in a shell)
	process.once("SIGINT", killNow);
	setTimeout(killNow, tidyFor).unref();
});

function killNow(): void {
	process.removeAllListeners("SIGINT");
	process.kill(process.pid, "SIGINT");
}

// a reader that has seen enough (`headscope ... | head`) is no error
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
	if (error.code === "EPIPE") process.exit(EXIT.ok);
	throw error;
});

const io = processIo(interrupt.signal, (milliseconds) => {
	tidyFor = milliseconds;
});
process.exitCode = await run(process.argv.slice(2), io);
