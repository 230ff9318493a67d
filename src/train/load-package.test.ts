import { expect, test } from "vitest";
import { loadPackage } from "./load-package.js";

const load = (error: Error): Promise<unknown> =>
	loadPackage("s3://b", "buckets need", "@aws-sdk/client-s3", () => Promise.reject(error));
const missing = (name: string): Error =>
	Object.assign(new Error(`Cannot find package '${name}' imported from /a/b.js`), {
		code: "ERR_MODULE_NOT_FOUND",
	});

test("a package that is not there is told, and how it is had", async () => {
	await expect(load(missing("@aws-sdk/client-s3"))).rejects.toThrow(
		/^s3:\/\/b: buckets need a package that is not installed: npm install @aws-sdk\/client-s3$/,
	);
});

test("one that is broken is told as what it is", async () => {
	await expect(load(missing("@smithy/core"))).rejects.toThrow(
		"buckets need @aws-sdk/client-s3, which does not load: Cannot find package '@smithy/core'",
	);
	await expect(load(new SyntaxError("Unexpected token"))).rejects.toThrow("does not load: Unexpected token");
});

test("what is there is given", async () => {
	expect(await loadPackage("here", "this needs", "it", async () => 7)).toBe(7);
});
