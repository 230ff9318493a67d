/** Where a command writes text: a process' stream, or a test's collector. */
export interface TextStream {
	/** `done` is called when the text has been handed on. */
	write(text: string, done?: () => void): unknown;
	readonly isTTY?: boolean;
	/** Width of the terminal in characters. */
	readonly columns?: number;
	/** Height of the terminal in lines. */
	readonly rows?: number;
}

/** What a command may touch of the process. */
export interface CliIo {
	/** Results only. */
	readonly stdout: TextStream;
	/** Progress, notes and errors. */
	readonly stderr: TextStream;
	/** Aborted by Ctrl-C. */
	readonly signal: AbortSignal;
	/** Asks for so many milliseconds to tidy up after Ctrl-C, where the usual ones are too few. */
	readonly tidyFor?: (milliseconds: number) => void;
}

/** Characters in a line of the terminal, also where stdout is piped into a pager; 100 where there is none. */
export function widthOf({ stdout, stderr }: CliIo): number {
	return stdout.columns ?? stderr.columns ?? 100;
}

/** The current process' streams. */
export function processIo(signal: AbortSignal, tidyFor: (milliseconds: number) => void): CliIo {
	return { stdout: process.stdout, stderr: process.stderr, signal, tidyFor };
}
