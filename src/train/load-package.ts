import { messageOf } from "../weights/errors.js";
import { TrainError } from "./errors.js";

/** What was asked for is right, but cannot be done here. */
class PackageError extends TrainError {
	override name = "PackageError";
}

/**
 * Loads a package that not everybody needs.
 * @param where what errors call that which needs it
 * @param what as in "buckets need"
 * @param install what `npm install` is to be given
 * @param load imports it; written out where it is called, so that bundlers see it
 * @throws {TrainError} where it is not installed, or does not load
 */
export async function loadPackage<T>(
	where: string,
	what: string,
	install: string,
	load: () => Promise<T>,
): Promise<T> {
	try {
		return await load();
	} catch (error) {
		const why = isMissing(error, install.split(" "))
			? `a package that is not installed: npm install ${install}`
			: `${install}, which does not load: ${messageOf(error)}`;
		throw new PackageError(`${where}: ${what} ${why}`, { cause: error });
	}
}

/** Whether one of the packages was not found, and not something that one of them needs. */
function isMissing(error: unknown, packages: readonly string[]): boolean {
	if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) return false;
	return packages.some((name) => error.message.includes(`'${name}'`));
}
