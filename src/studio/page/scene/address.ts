import { FIRST_SCENE, SCENE_PARTS, type Scene } from "./scene.js";

/** The form of addresses; another one is told, and read as far as its parts are known. */
export const ADDRESS_VERSION = "1";

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

/** Reads an address; whatever is not understood is left as in the first scene and told. */
export function fromAddress(hash: string): ReadAddress {
	const problems: string[] = [];
	const scene: Record<string, unknown> = { ...FIRST_SCENE };
	const parts = new URLSearchParams(hash.replace(/^#/, ""));
	const version = parts.get("v");
	if (version !== null && version !== ADDRESS_VERSION)
		problems.push(`this address is of form ${version}, this page reads form ${ADDRESS_VERSION}`);
	for (const [key, text] of parts) {
		if (key === "v") continue;
		if (!Object.hasOwn(SCENE_PARTS, key)) {
			problems.push(`"${key}" is not known here`);
			continue;
		}
		const schema = SCENE_PARTS[key as keyof Scene];
		const isText = typeof FIRST_SCENE[key as keyof Scene] === "string";
		const checked = schema.safeParse(isText ? text : parse(text));
		if (checked.success) scene[key] = checked.data;
		else problems.push(`"${key}" is not understood: ${checked.error.issues[0]?.message ?? "not JSON"}`);
	}
	return { scene: scene as unknown as Scene, problems };
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text, (key, value) => (key === "__proto__" ? undefined : value));
	} catch {
		return undefined;
	}
}
