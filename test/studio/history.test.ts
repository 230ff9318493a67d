import fc from "fast-check";
import { expect, test } from "vitest";
import { SceneHistory } from "../../src/studio/page/scene/history.js";
import { FIRST_SCENE, type Scene } from "../../src/studio/page/scene/scene.js";

const edit = fc.oneof(
	fc.record({ prompts: fc.tuple(fc.string()) }),
	fc.record({ head: fc.constantFrom("0.0", "1.3") }),
	fc.record({ views: fc.dictionary(fc.constantFrom("lens", "train"), fc.integer(), { maxKeys: 2 }) }),
);

test("undoing every step gives the first scene, doing them again the last", () => {
	fc.assert(
		fc.property(fc.array(edit, { maxLength: 20 }), (edits) => {
			const history = new SceneHistory(FIRST_SCENE);
			// far apart, and of kinds of their own
			for (const [i, next] of edits.entries()) history.set(next as Partial<Scene>, `edit ${i}`, 10_000 * i);
			const last = history.scene.peek();
			while (history.canUndo.peek()) history.undo();
			expect(history.scene.peek()).toEqual(FIRST_SCENE);
			while (history.canRedo.peek()) history.redo();
			expect(history.scene.peek()).toEqual(last);
		}),
	);
});

test("edits of one kind in quick succession are one step", () => {
	const history = new SceneHistory(FIRST_SCENE);
	for (const [i, text] of ["r", "re", "red"].entries()) history.set({ prompts: [text] }, "prompt", 100 * i);
	history.set({ prompts: ["red fox"] }, "prompt", 5000);
	history.undo();
	expect(history.scene.peek().prompts).toEqual(["red"]);
	history.undo();
	expect(history.scene.peek().prompts).toEqual(FIRST_SCENE.prompts);
	expect(history.canUndo.peek()).toBe(false);
});

test("what is looked at meanwhile stays, other views' settings too", () => {
	const history = new SceneHistory(FIRST_SCENE);
	history.set({ views: { lens: { token: 1 } } }, "lens", 0);
	history.set({ scale: "log", views: { ...history.scene.peek().views, train: { steps: 9 } } });
	history.undo();
	expect(history.scene.peek()).toEqual({ ...FIRST_SCENE, scale: "log", views: { train: { steps: 9 } } });
	history.redo();
	expect(history.scene.peek().views).toEqual({ lens: { token: 1 }, train: { steps: 9 } });
});
