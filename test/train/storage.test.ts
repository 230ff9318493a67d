import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
	CheckpointStore,
	checkpointKey,
	resolveConfig,
	type Storage,
	TrainError,
} from "../../src/train/index.js";
import { LocalStorage, openStorages, readEnvironment } from "../../src/train/node.js";
import { type StorageUnderTest, storageConformance } from "./storage-conformance.js";

const folders: string[] = [];
async function folder(): Promise<string> {
	const path = await mkdtemp(join(tmpdir(), "storage-"));
	folders.push(path);
	return path;
}
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

storageConformance("local", async (): Promise<StorageUnderTest> => {
	const root = join(await folder(), "made when written to");
	return { storage: new LocalStorage(root), other: new LocalStorage(root), close: async () => {} };
});

describe("a local folder", () => {
	test("leaves no trace of a write but the file, also of one that failed", async () => {
		const root = await folder();
		const storage = new LocalStorage(root);
		await storage.put("x", new Uint8Array(3));
		await storage.putNew("x", new Uint8Array(3));
		await storage.putNew("y", new Uint8Array(3));
		// "x" is a file, so nothing can lie below it
		await expect(storage.put("x/y", new Uint8Array(3))).rejects.toThrow(/cannot be written: /);
		expect((await readdir(root)).sort()).toEqual(["x", "y"]);
	});

	test("does not list what a killed writer left", async () => {
		const root = await folder();
		await writeFile(join(root, ".x.0123456789ab.incomplete"), "half");
		const storage = new LocalStorage(root);
		expect(await storage.list("")).toEqual([]);
		expect(await storage.putNew("x", new Uint8Array(1))).toBe(true);
	});

	test.skipIf(process.getuid?.() === 0)("that may not be written to is an error with its name", async () => {
		const root = await folder();
		await chmod(root, 0o500);
		await expect(new LocalStorage(root).put("x", new Uint8Array(1))).rejects.toThrow(TrainError);
	});
});

describe("a run's checkpoints", () => {
	const bytes = (n: number): Uint8Array => Uint8Array.of(n);
	const dir = "icl/M-1-seed-0-task-c19845-opt-f7c569-sched-c4766a";

	test("lie where the Python trainer puts them", () => {
		expect(checkpointKey(dir, 499, "pt")).toBe(`checkpoints/${dir}/499.pt`);
	});

	test("are numbers in order, of all storages together; places count in that order", async () => {
		const [near, far] = [new LocalStorage(await folder()), new LocalStorage(await folder())];
		const both = new CheckpointStore([near, far], dir);
		await both.save(1000, bytes(1));
		await new CheckpointStore([far], dir).save(7, bytes(2), "pt");
		await new CheckpointStore([near], dir).save(90, bytes(3));
		await near.put(`checkpoints/${dir}/notes.txt`, bytes(0));
		await near.put(`checkpoints/${dir}/deeper/5.pt`, bytes(0));
		expect(await both.steps()).toEqual([7, 90, 1000]);
		expect(await both.at(-1)).toMatchObject({ step: 1000, bytes: bytes(1), format: "safetensors" });
		expect(await both.at(0)).toMatchObject({ step: 7, bytes: bytes(2), format: "pt" });
		expect((await both.load(90)).where).toBe(`${near.name}/checkpoints/${dir}/90.safetensors`);
		expect(await far.exists(checkpointKey(dir, 1000))).toBe(true);
		await expect(both.load(8)).rejects.toThrow(/no checkpoint of step 8 in .*; it has 7, 90, 1000/);
		await expect(both.at(3)).rejects.toThrow(/has 3 checkpoints, there is none at place 3/);
		await expect(both.save(-1, bytes(0))).rejects.toThrow(TrainError);
	});

	test("a storage that fails is an error, not a miss", async () => {
		const far = new LocalStorage(await folder());
		await new CheckpointStore([far], dir).save(1, bytes(1));
		const broken: Storage = Object.assign(new LocalStorage(await folder()), {
			get: () => Promise.reject(new TrainError("disk: cannot be read")),
		});
		await expect(new CheckpointStore([broken, far], dir).load(1)).rejects.toThrow("disk: cannot be read");
	});

	test("none at all says where was looked", async () => {
		const root = await folder();
		await expect(new CheckpointStore([new LocalStorage(root)], dir).at(-1)).rejects.toThrow(
			`${dir}: has no checkpoints in ${root}`,
		);
	});
});

describe("storages of a run", () => {
	const config = resolveConfig({});
	const names = async (given: typeof config, environment: Record<string, string>): Promise<string[]> =>
		(await openStorages(given, environment)).map((storage) => storage.name);

	test("come from the configuration, then the environment; the folder comes first", async () => {
		expect(await names(config, {})).toEqual([]);
		const both = { LOCAL_ROOT: "/data", AWS_BUCKET_NAME: "old", AWS_REGION: "eu-west-1" };
		expect(await names(config, both)).toEqual(["/data", "s3://old"]);
		expect(await names(config, { ...both, AWS_REGRESSION_BUCKET_NAME: "new" })).toEqual([
			"/data",
			"s3://new",
		]);
		const own = resolveConfig({ checkpointer_config: { local_root: "/mine", bucket_name: "ours" } });
		expect(await names(own, both)).toEqual(["/mine", "s3://ours"]);
	});

	test("a .env file stands below the process's own variables", async () => {
		const path = join(await folder(), ".env");
		await writeFile(path, "# storage\nLOCAL_ROOT='/from file'\nHOME=/nowhere\n");
		const environment = await readEnvironment(path);
		expect(environment.LOCAL_ROOT).toBe(process.env.LOCAL_ROOT ?? "/from file");
		expect(environment.HOME).toBe(process.env.HOME);
		expect((await readEnvironment(`${path}.missing`)).HOME).toBe(process.env.HOME);
		await expect(readEnvironment(await folder())).rejects.toThrow(/cannot be read: EISDIR/);
	});
});
