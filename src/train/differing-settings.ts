/**
 * Where two configurations of a run differ, as text: `["batch_size 8 instead of 16"]`; empty where they do not.
 * Settings are named by their path, and compared as JSON.
 */
export function differingSettings(there: unknown, here: unknown, path = ""): string[] {
	if (isObject(there) && isObject(here)) {
		const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
		return keys.flatMap((key) => differingSettings(there[key], here[key], path ? `${path}.${key}` : key));
	}
	const [had, has] = [textOf(there), textOf(here)];
	return had === has ? [] : [`${path} ${had} instead of ${has}`];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
	if (value === undefined) return "none";
	// JSON has no infinity, which a number of tasks may be
	return value === Number.POSITIVE_INFINITY ? "Infinity" : JSON.stringify(value);
}
