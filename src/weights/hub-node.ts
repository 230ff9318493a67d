import { refuse } from "./errors.js";

export async function hubSnapshot(name: string, _options: object): Promise<string> {
	return refuse(name, "hub ids are not read yet");
}
