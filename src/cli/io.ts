/** Where a command writes text: a process' stream, or a test's collector. */
export interface TextStream {
	/** `done` is called when the text has been handed on. */
	write(text: string, done?: () => void): unknown;
	readonly isTTY?: boolean;
	/** Width of the terminal in characters. */
	readonly columns?: number;
}

/** What a command may touch of the process. */
export interface CliIo {
	/** Results only. */
	readonly stdout: TextStream;
	/** Progress, notes and errors. */
	readonly stderr: TextStream;
	/** Aborted by Ctrl-C. */
	readonly signal: AbortSignal;
}

/** Characters in a line of the terminal, also where stdout is piped into a pager; 100 where there is none. */
export function widthOf({ stdout, stderr }: CliIo): number {
	return stdout.columns ?? stderr.columns ?? 100;
}

/** The current process' streams. */
export function processIo(signal: AbortSignal): CliIo {
	return { stdout: process.stdout, stderr: process.stderr, signal };
}
