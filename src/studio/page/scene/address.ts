import { FIRST_SCENE, SCENE_PARTS, type Scene } from "./scene.js";

/** The form of addresses; another one is told, and read as far as its parts are known. */
export const ADDRESS_VERSION = "1";

/** Lists and objects inside each other, in one part; deeper ones come from no page, and would end the stack. */
const DEEPEST = 64;
/** Problems that are told one by one. */
const MOST_PROBLEMS = 5;

/** A scene, and what of the address could not be understood. */
export interface ReadAddress {
	readonly scene: Scene;
	readonly problems: readonly string[];
}

/**
 * A scene as the part of an address behind "#": `v=1&prompts=["..."]&head=1.3`. Only what differs from the first scene
 * stands there; texts as they are, everything else as JSON.
 */
export function toAddress(scene: Scene): string {
	const parts = new URLSearchParams();
	for (const key of Object.keys(FIRST_SCENE) as (keyof Scene)[]) {
		const value = scene[key];
		if (JSON.stringify(value) === JSON.stringify(FIRST_SCENE[key])) continue;
		parts.set(key, typeof value === "string" ? value : JSON.stringify(value));
	}
	const text = parts.toString();
	return text === "" ? "" : `#v=${ADDRESS_VERSION}&${text}`;
}

/** Reads an address; whatever is not understood is left as in the first scene and told. It never throws. */
export function fromAddress(hash: string): ReadAddress {
	const problems: string[] = [];
	const scene: Record<string, unknown> = { ...FIRST_SCENE };
	const parts = new URLSearchParams(hash.replace(/^#/, ""));
	const version = parts.get("v");
	if (version !== null && version !== ADDRESS_VERSION)
		problems.push(
			`this address is of form ${quoted(version)}, this page reads form "${ADDRESS_VERSION}"; what it knows of it is shown`,
		);
	for (const [key, text] of parts) {
		if (key === "v") continue;
		if (!Object.hasOwn(SCENE_PARTS, key)) {
			problems.push(`${quoted(key)} in the address is not known here`);
			continue;
		}
		const { value, problem } = readPart(key as keyof Scene, text);
		if (problem === undefined) scene[key] = value;
		else problems.push(`${quoted(key)} in the address is not understood: ${problem}`);
	}
	const more = problems.length - MOST_PROBLEMS;
	if (more > 0) problems.splice(MOST_PROBLEMS, more, `and ${more} more parts of the address`);
	// what stood in the address is in them
	const lines = problems.map((problem) => problem.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " "));
	return { scene: scene as unknown as Scene, problems: lines };
}

function readPart(key: keyof Scene, text: string): { value?: unknown; problem?: string } {
	let value: unknown = text;
	if (typeof FIRST_SCENE[key] !== "string") {
		try {
			value = JSON.parse(text, (name, part) => (name === "__proto__" ? undefined : part));
		} catch {
			return { problem: "it is not JSON" };
		}
		if (isDeeper(value, DEEPEST))
			return { problem: `more than ${DEEPEST} lists or objects inside each other` };
	}
	const checked = SCENE_PARTS[key].safeParse(value);
	if (checked.success) return { value: checked.data };
	const [issue] = checked.error.issues;
	const place = issue?.path.length ? ` at ${quoted(issue.path.join("."))}` : "";
	return { problem: `${issue?.message ?? "not allowed"}${place}` };
}

function isDeeper(value: unknown, levels: number): boolean {
	if (typeof value !== "object" || value === null) return false;
	return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}

/** What somebody else wrote, short enough to stand in a message. */
function quoted(text: string): string {
	return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}
