import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromAddress, toAddress } from "../../src/studio/page/scene/address.js";
import { FIRST_SCENE, SCENE_PARTS, type Scene } from "../../src/studio/page/scene/scene.js";

const head = fc.tuple(fc.nat(99), fc.nat(99)).map(([layer, index]) => `${layer}.${index}`);
// JSON has one zero, and pages never name a part __proto__
const json = fc
	.jsonValue()
	.map((value) => JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto")));
const text = fc.string({ unit: "binary", maxLength: 200 });
const name = fc.string({ minLength: 1, maxLength: 20 }).filter((key) => key !== "__proto__");
const donor = fc.oneof(
	fc.constant("unchanged" as const),
	fc.record(
		{
			prompts: fc.array(text),
			ids: fc.array(fc.array(fc.nat())),
			bos: fc.boolean(),
		},
		{ requiredKeys: [] },
	),
);
const change = fc.record({
	on: fc.boolean(),
	data: fc
		.tuple(fc.string({ minLength: 1 }), fc.dictionary(name, json))
		.map(([kind, rest]) => ({ ...rest, kind })),
});
const scenes = fc.record({
	model: fc.string({ minLength: 1, maxLength: 100 }),
	prompts: fc.array(text, { minLength: 1, maxLength: 8 }),
	bos: fc.option(fc.boolean()),
	changes: fc.array(change, { maxLength: 4 }),
	donors: fc.dictionary(name, donor, { maxKeys: 3 }),
	view: fc.constantFrom("heads", "text", "a-view-of-another-version"),
	head: fc.oneof(fc.constant(""), head),
	pins: fc.array(head, { maxLength: 12 }),
	score: fc.string({ maxLength: 60 }),
	order: fc.constantFrom("layer", "score"),
	scale: fc.constantFrom("linear", "log", "hide-first"),
	weighting: fc.constantFrom("pattern", "value"),
	token: fc.option(fc.nat()),
	views: fc.dictionary(name, json, { maxKeys: 4 }),
}) as unknown as fc.Arbitrary<Scene>;

function hasProto(value: unknown): boolean {
	if (typeof value !== "object" || value === null) return false;
	return Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProto);
}

describe("addresses", () => {
	test("hold every scene whole", () => {
		void fc.assert(
			fc.property(scenes, (scene) => {
				const { scene: read, problems } = fromAddress(toAddress(scene));
				expect(problems).toEqual([]);
				expect(read).toEqual(scene);
			}),
		);
	});

	test("hold what was read from them: a second round changes nothing", () => {
		void fc.assert(
			fc.property(fc.webFragments({ size: "medium" }), (hash) => {
				const { scene } = fromAddress(hash);
				expect(fromAddress(toAddress(scene)).scene).toEqual(scene);
			}),
		);
	});

	const parts = fc.constantFrom(...Object.keys(SCENE_PARTS), "v", "__proto__", "constructor", "other");
	const values = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.json(),
		fc.constantFrom(
			'{"__proto__":{"polluted":1}}',
			'{"heads":{"__proto__":{"polluted":1}}}',
			'[{"on":true,"data":{"kind":"zero","__proto__":{"polluted":1}}}]',
			'{"constructor":{"prototype":{"polluted":1}}}',
			`${"[".repeat(5000)}${"]".repeat(5000)}`,
			`{"a":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`,
			"%E0%A4%A",
			"%ff",
		),
	);

	test("of strangers never throw, leave only checked parts behind, and touch no prototype", () => {
		void fc.assert(
			fc.property(fc.array(fc.tuple(parts, values, fc.boolean()), { maxLength: 8 }), (pairs) => {
				const hash = `#${pairs.map(([key, value, isCoded]) => `${key}=${isCoded ? encodeURIComponent(value) : value}`).join("&")}`;
				const { scene, problems } = fromAddress(hash);
				expect(Object.keys(scene).sort()).toEqual(Object.keys(FIRST_SCENE).sort());
				for (const [key, schema] of Object.entries(SCENE_PARTS))
					expect(schema.safeParse(scene[key as keyof Scene]).success).toBe(true);
				expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
				expect(hasProto(scene)).toBe(false);
				expect(problems.length).toBeLessThanOrEqual(6);
				expect(Math.max(0, ...problems.map((problem) => problem.length))).toBeLessThan(400);
				expect(() => toAddress(scene)).not.toThrow();
			}),
			{ numRuns: 150 },
		);
	});

	test("of another version tell so, and the parts that are known are read", () => {
		const { scene, problems } = fromAddress("#v=7&head=1.2&colour=blue&token=-3&prompts=%5B%22a%22%5D");
		expect(scene).toEqual({ ...FIRST_SCENE, head: "1.2", prompts: ["a"] });
		expect(problems).toEqual([
			'this address is of form "7", this page reads form "1"; what it knows of it is shown',
			'"colour" in the address is not known here',
			expect.stringContaining('"token" in the address is not understood: '),
		]);
	});

	test("with many faults tell the first of them", () => {
		const { problems } = fromAddress(`#${Array.from({ length: 100 }, (_, i) => `part${i}=1`).join("&")}`);
		expect(problems).toHaveLength(6);
		expect(problems.at(-1)).toBe("and 95 more parts of the address");
	});
});
