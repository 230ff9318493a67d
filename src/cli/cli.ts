import type { Command } from "commander";
import { type CliIo, widthOf } from "./io.js";
import { ProgressReporter } from "./output/progress.js";

/** Options of every command. */
export interface GlobalOptions {
	readonly json?: boolean;
	readonly quiet?: boolean;
	readonly verbose?: boolean;
}

/** What a command works with: its streams, and how results and progress are shown. */
export class Cli {
	private reporter: ProgressReporter | undefined;

	constructor(
		private readonly program: Command,
		readonly io: CliIo,
	) {}

	get options(): GlobalOptions {
		return this.program.opts();
	}

	/** Aborted by Ctrl-C; to be handed to everything that takes a signal. */
	get signal(): AbortSignal {
		return this.io.signal;
	}

	/** Characters in a line of the terminal. */
	get width(): number {
		return widthOf(this.io);
	}

	/** Progress on stderr. */
	get progress(): ProgressReporter {
		this.reporter ??= new ProgressReporter(this.io.stderr, this.options.quiet ?? false);
		return this.reporter;
	}

	/**
	 * The command's result: one JSON document with `--json`, else text. To be called once.
	 * @param options.partial write it after Ctrl-C too, as far as it came
	 */
	async result(
		json: () => unknown,
		text: () => string,
		options: { readonly partial?: boolean } = {},
	): Promise<void> {
		this.progress.end();
		if (!options.partial) this.signal.throwIfAborted();
		const written = this.options.json ? JSON.stringify(json()) : text();
		if (written === "") return;
		// waiting for the stream: a process that ends at once would cut what a pipe has not taken
		const line = written.endsWith("\n") ? written : `${written}\n`;
		await new Promise<void>((resolve) => this.io.stdout.write(line, resolve));
	}

	/** A part of the result as soon as it is known; control characters do not reach a terminal. */
	write(text: string): void {
		this.progress.end();
		const { stdout } = this.io;
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they would move the terminal's cursor
		stdout.write(stdout.isTTY ? text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "?") : text);
	}

	/** A line for the reader that is no result: on stderr, and not with `--quiet`. */
	note(line: string): void {
		this.progress.end();
		if (!this.options.quiet) this.io.stderr.write(`${line}\n`);
	}
}
