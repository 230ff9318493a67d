/** Errors of the library whose messages begin with the name of what was given. */
const NAMED: ReadonlySet<string> = new Set([
	"CausalError",
	"InterventionError",
	"MetricError",
	"UsageError",
	"VerifyError",
]);

/** What the library calls the options of a pair of prompts, or of a run's sequences. */
export function namesOfPair({ cleanIds, corruptIds }: PairFiles): Record<string, string> {
	return {
		clean: cleanIds === undefined ? "--clean" : "--clean-ids",
		corrupt: corruptIds === undefined ? "--corrupt" : "--corrupt-ids",
		metric: "--metric",
		answers: "--answer",
		wrong: "--wrong",
		samples: "--samples",
	};
}

interface PairFiles {
	readonly cleanIds?: string;
	readonly corruptIds?: string;
}

/**
 * Does the work of a command; errors about what an option gave begin with the option instead of the library's name for it:
 * "layers[0]: got 9" becomes "--layers: got 9".
 * @param options the option by that name, such as `{ layers: "--layers" }`
 */
export async function namingOptions(
	options: Readonly<Record<string, string>>,
	work: () => Promise<void>,
): Promise<void> {
	try {
		await work();
	} catch (error) {
		throw named(error, options);
	}
}

function named(error: unknown, options: Readonly<Record<string, string>>): unknown {
	if (!(error instanceof Error) || !NAMED.has(error.name)) return error;
	// a metric's own data stand behind its name: "logit-difference.answers"
	const [where, name] =
		/^(?:[\w-]+\.)?(\w+)(?:\[\d+\])*(?:\.\w+(?:\[\d+\])*)*(?=: )/.exec(error.message) ?? [];
	if (where === undefined || name === undefined || !Object.hasOwn(options, name)) return error;
	// the option counts in MB
	const rest = error.message
		.slice(where.length)
		.replace(/with memory: (\d+)/, (_, bytes) => `with --memory ${Math.ceil(Number(bytes) / 1e6)}`);
	error.message = `${options[name]}${rest}`;
	return error;
}
