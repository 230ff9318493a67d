import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bytes, duration, ProgressReporter } from "./progress.js";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
	vi.useRealTimers();
});

function report(isTTY: boolean, quiet: boolean): { text: string[]; reporter: ProgressReporter } {
	const text: string[] = [];
	return { text, reporter: new ProgressReporter({ write: (t) => text.push(t), isTTY }, quiet) };
}

function load({ reporter }: { reporter: ProgressReporter }, seconds: number): void {
	for (let second = 0; second <= seconds; second++) {
		reporter.onBytes({ stage: "load", what: "w", done: second * 2e6, total: seconds * 2e6, rate: 2e6 });
		vi.advanceTimersByTime(1000);
	}
	reporter.end();
}

test("where stderr is no terminal there is a line every 5 seconds, and none for short work", () => {
	const long = report(false, false);
	load(long, 12);
	expect(long.text).toEqual([
		"Loading weights: 10.0 MB of 24.0 MB, 2.0 MB/s\n",
		"Loading weights: 20.0 MB of 24.0 MB, 2.0 MB/s\n",
	]);
	const short = report(false, false);
	load(short, 3);
	expect(short.text).toEqual([]);
});

test("in a terminal there is a bar with bytes and their rate, which is taken away when the work ends", async () => {
	const { text, reporter } = report(true, false);
	const at = (second: number): void => {
		reporter.onBytes({ stage: "download", what: "w", done: second * 2e6, total: 24e6, rate: 2e6 });
		vi.advanceTimersByTime(1000);
	};
	at(0);
	at(1);
	// the bar is loaded when it is first shown
	await vi.waitFor(() => expect(text.join("")).toContain("Downloading"));
	for (const second of [2, 3, 4]) at(second);
	reporter.end();
	const drawn = text.join("");
	expect(drawn).toMatch(/Downloading █*░+ 8% {2}2\.0 MB of 24\.0 MB, 2\.0 MB\/s, .+ left/);
	expect(drawn).toMatch(/Downloading █+░+ 33% {2}8\.0 MB of 24\.0 MB, 2\.0 MB\/s/);
	// the cursor is shown again and the line is empty
	expect(drawn.lastIndexOf("\x1b[?25h")).toBeGreaterThan(drawn.lastIndexOf("Downloading"));
	expect(drawn.endsWith("\x1b[2K")).toBe(true);
});

test("quiet is quiet", () => {
	const quiet = report(false, true);
	load(quiet, 12);
	expect(quiet.text).toEqual([]);
});

test("bytes are told in a unit that fits", () => {
	expect([0, 999, 1000, 123_456, 1.34e9].map(bytes)).toEqual(["0 B", "999 B", "1.0 kB", "123 kB", "1.3 GB"]);
});

test("training tells its step, loss, speed and how long is left", () => {
	const { text, reporter } = report(false, false);
	const told = reporter.onTraining("Training");
	for (let second = 0; second <= 12; second++) {
		// gone on with at step 100
		told(100 + second * 20, 1000, 1.25);
		vi.advanceTimersByTime(1000);
	}
	expect(text).toEqual([
		"Training: 200 of 1000, loss 1.2500, 20.0 steps/s, 40 s left\n",
		"Training: 300 of 1000, loss 1.2500, 20.0 steps/s, 35 s left\n",
	]);
	expect([0.2, 8, 185, 4805].map(duration)).toEqual(["1 s", "8 s", "3 min 5 s", "1 h 20 min"]);
});
