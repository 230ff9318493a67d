/** ActivationProbe: what it sees, of which runs, and what it refuses. */
import { afterAll, describe, expect, it } from "vitest";
import { HookError, loadModel, type Tensor } from "../../src/index.js";
import { RegressionModel, regressionConfig } from "../../src/models/regression/index.js";
import { ActivationProbe, PatchError, patch, setHeadTo } from "../../src/patching/index.js";
import { LocalEngine } from "../../src/runtime/local-engine.js";
import { expectClose, type SmallConfig } from "../icl/support.js";
import { referenceJson, referencePath, referenceTensors } from "../reference-data.js";

const engine = await LocalEngine.create({ threads: 1 });
afterAll(() => engine.dispose());

const folder = ["icl", "small", "l2h4-m64"];
const SOFTMAX = "token_sequence_transformer.blocks.1.attention.attention_softmax";
const { task_config } = referenceJson<SmallConfig>(...folder, "config.json");
const inputs = await referenceTensors(...folder, "inputs.safetensors");
const outputs = await referenceTensors(...folder, "outputs.safetensors");
const model = await RegressionModel.fromStateDict(
	regressionConfig(task_config),
	await referenceTensors(...folder, "weights.safetensors"),
	{ engine },
);
const [xs, ys] = [inputs.get("xs") as Tensor, inputs.get("ys") as Tensor];
const act = outputs.get(`act.${SOFTMAX}`) as Tensor;

describe("a probe", () => {
	it("sees each run between register and unregister, and changes none", async () => {
		const clean = await model.predict(xs, ys);
		const probe = new ActivationProbe(model, SOFTMAX);
		expect(() => probe.activation).toThrow("no run has come by here since registerHook");
		probe.registerHook();
		expect((await model.predict(xs, ys)).data).toEqual(clean.data);
		expectClose(probe.activation, act, 1e-5);
		await model.predict(xs.slice(0, 0, 2), ys.slice(0, 0, 2));
		expect(probe.activation.shape).toEqual([2, 4, 16, 16]);
		probe.unregisterHook();
		await model.predict(xs, ys);
		expect(probe.activation.shape).toEqual([2, 4, 16, 16]);
	});

	it("is let go of by using", async () => {
		let kept: ActivationProbe;
		{
			using probe = new ActivationProbe(model, SOFTMAX).registerHook();
			kept = probe;
			await model.predict(xs, ys);
		}
		await model.predict(xs.slice(0, 0, 1), ys.slice(0, 0, 1));
		expect(kept.activation.shape).toEqual(act.shape);
	});

	it("indexes trailing axes", async () => {
		const at = async (indices: string): Promise<Tensor> => {
			using probe = new ActivationProbe(model, `${SOFTMAX}.${indices}`).registerHook();
			await model.predict(xs, ys);
			return probe.activation;
		};
		const head = await at("1.*.*");
		expectClose(head, act.slice(1, 1, 2).reshape([4, 16, 16]), 1e-5);
		expectClose(await at("2.-1.*"), act.slice(1, 2, 3).slice(2, 15, 16).reshape([4, 16]), 1e-5);
		expectClose(await at("0"), act.slice(3, 0, 1).reshape([4, 4, 16]), 1e-5);
		expectClose(await at("*.3.2"), act.slice(2, 3, 4).slice(3, 2, 3).reshape([4, 4]), 1e-5);
		expectClose(
			await at("3.1.0.0"),
			act.slice(0, 3, 4).slice(1, 1, 2).slice(2, 0, 1).slice(3, 0, 1).reshape([]),
			1e-5,
		);
	});

	it("sees patched runs, hooked values and language models", async () => {
		const patched = patch(model);
		patched.at(SOFTMAX).set(setHeadTo(2, "identity"));
		using probe = new ActivationProbe(patched, `${SOFTMAX}.2.5.5`).registerHook();
		await patched.predict(xs, ys);
		expect(Array.from(probe.activation.data, Number)).toEqual([1, 1, 1, 1]);
		const interventions = [{ kind: "replace-pattern", heads: ["1.2"], pattern: "previous-token" } as const];
		await model.predict(xs, ys, { interventions });
		expect(Array.from(probe.activation.data, Number)).toEqual([0, 0, 0, 0]);
		const gpt2 = await loadModel(referencePath("lm", "models", "rand-gpt2"), { engine });
		using mlp = new ActivationProbe(gpt2, "blocks.1.mlp").registerHook();
		using out = new ActivationProbe(gpt2, "blocks.1.hook_mlp_out.0").registerHook();
		await gpt2.run([[1, 2, 3]], { stopAtLayer: 1 }); // does not get there
		expect(() => mlp.activation).toThrow(PatchError);
		const { cache } = await gpt2.runWithCache([[1, 2, 3]]);
		expect(mlp.activation.data).toEqual(cache.get("mlp_out", 1).data);
		expect(out.activation.shape).toEqual([1, 3]);
		expect([
			...(
				await gpt2.read([[1, 2, 3]], { names: "hook_embed", outputs: (get) => ({ x: get("hook_embed") }) })
			).keys(),
		]).toEqual(["x"]);
	});

	it("says what is wrong with a location", () => {
		const make = (location: string) => () => new ActivationProbe(model, location);
		expect(make("token_sequence_transformer.blocks.0.attention.softmax.1")).toThrow(HookError);
		expect(make("token_sequence_transformer.blocks.0.attention.softmax")).toThrow(
			/nearest: token_sequence_transformer.blocks.0.attention/,
		);
		expect(make(`${SOFTMAX}.4.*.*`)).toThrow("index 4, allowed -4..3");
		expect(make(`${SOFTMAX}.1.1.1.1.1`)).toThrow(/5 indices, but .* has the axes \[batch, 4, pos, pos\]/);
		expect(make("token_sequence_transformer.blocks.*.attention")).toThrow(/means several points/);
		expect(make("0.*")).toThrow(/path/);
	});
});
