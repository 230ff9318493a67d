import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { messageOf } from "../weights/errors.js";
import { reject } from "./errors.js";
import { loadPackage } from "./load-package.js";
import { checkKey, compareKeys, INCOMPLETE, type Storage } from "./storage.js";

/** Which bucket, and how it is reached. */
export interface S3Options {
	readonly bucket: string;
	/** Default: the `AWS_REGION` variable or the shared configuration, else us-east-1 where there is an `endpoint`. */
	readonly region?: string;
	/** Address of a server that speaks S3's protocol; default Amazon's. */
	readonly endpoint?: string;
	/** Default: what the AWS client finds, first the variables `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. */
	readonly credentials?: {
		readonly accessKeyId: string;
		readonly secretAccessKey: string;
		/** Of temporary credentials. */
		readonly sessionToken?: string;
	};
	/** How often a request is tried before it fails, with growing pauses between; default 5. */
	readonly attempts?: number;
}

/** Largest object: what one request can put, 5 GiB. */
const MAX_OBJECT = 5 * 2 ** 30;

/**
 * A bucket of S3, or of a server that speaks its protocol. An upload is one request, so it is there
 * whole or not at all.
 * @throws {TrainError} where the package `@aws-sdk/client-s3` is not installed
 */
export async function openS3Storage(options: S3Options): Promise<Storage> {
	const where = `s3://${options.bucket}`;
	const install = "@aws-sdk/client-s3";
	const sdk = await loadPackage(where, "buckets need", install, () => import("@aws-sdk/client-s3"));
	const config: S3ClientConfig = {
		maxAttempts: options.attempts ?? 5,
		...(options.region ? { region: options.region } : {}),
		...(options.credentials ? { credentials: options.credentials } : {}),
		// other servers have no host name for each bucket
		...(options.endpoint ? { endpoint: options.endpoint, forcePathStyle: true } : {}),
		...(options.endpoint && !options.region ? { region: "us-east-1" } : {}),
	};
	return new S3Storage(where, options.bucket, new sdk.S3Client(config), sdk);
}

type Sdk = typeof import("@aws-sdk/client-s3");

class S3Storage implements Storage {
	constructor(
		readonly name: string,
		private readonly bucket: string,
		private readonly client: S3Client,
		private readonly sdk: Sdk,
	) {}

	async put(key: string, bytes: Uint8Array): Promise<void> {
		this.check(key, bytes);
		const input = { Bucket: this.bucket, Key: key, Body: bytes, ContentLength: bytes.length };
		await this.try(key, "written", () => this.client.send(new this.sdk.PutObjectCommand(input)));
	}

	async putNew(key: string, bytes: Uint8Array): Promise<boolean> {
		this.check(key, bytes);
		// a request whose answer was lost is sent again and then meets its own object: this tells
		const writer = crypto.randomUUID();
		const input = {
			...{ Bucket: this.bucket, Key: key, Body: bytes, ContentLength: bytes.length },
			...{ IfNoneMatch: "*", Metadata: { writer } },
		};
		for (let attempt = 1; ; attempt++) {
			try {
				await this.client.send(new this.sdk.PutObjectCommand(input));
				return true;
			} catch (error) {
				const status = statusOf(error);
				// 409: another conditional write was under way; it may yet fail
				if (status === 409 && attempt < 5) continue;
				if (status !== 412) return this.fail(key, "written", error);
				const head = await this.head(key);
				return head?.Metadata?.writer === writer;
			}
		}
	}

	async get(key: string): Promise<Uint8Array | undefined> {
		checkKey(this.name, key);
		const input = { Bucket: this.bucket, Key: key };
		return this.try(key, "read", async () => {
			const answer = await this.client.send(new this.sdk.GetObjectCommand(input));
			const bytes = await answer.Body?.transformToByteArray();
			if (bytes?.length !== answer.ContentLength) {
				throw new Error(`${bytes?.length} of ${answer.ContentLength} bytes arrived`);
			}
			return bytes;
		});
	}

	async exists(key: string): Promise<boolean> {
		checkKey(this.name, key);
		return (await this.head(key)) !== undefined;
	}

	async list(prefix: string): Promise<string[]> {
		const keys: string[] = [];
		let token: string | undefined;
		do {
			// 1000 keys a page
			const input = { Bucket: this.bucket, Prefix: prefix, ...(token ? { ContinuationToken: token } : {}) };
			const page = await this.try(prefix, "listed", () =>
				this.client.send(new this.sdk.ListObjectsV2Command(input)),
			);
			for (const { Key: key } of page?.Contents ?? []) if (key && !key.endsWith(INCOMPLETE)) keys.push(key);
			token = page?.IsTruncated ? page.NextContinuationToken : undefined;
		} while (token);
		return keys.sort(compareKeys);
	}

	private head(key: string): Promise<{ Metadata?: Record<string, string> | undefined } | undefined> {
		const input = { Bucket: this.bucket, Key: key };
		return this.try(key, "read", () => this.client.send(new this.sdk.HeadObjectCommand(input)));
	}

	private check(key: string, bytes: Uint8Array): void {
		checkKey(this.name, key);
		if (bytes.length > MAX_OBJECT) {
			reject(`${this.name}/${key}`, `${bytes.length} bytes, allowed up to ${MAX_OBJECT}`);
		}
	}

	/** The answer, undefined where there is no such key. */
	private async try<T>(key: string, verb: string, request: () => Promise<T>): Promise<T | undefined> {
		try {
			return await request();
		} catch (error) {
			// a missing bucket has status 404 too, but is no missing file
			if (statusOf(error) === 404 && nameOf(error) !== "NoSuchBucket" && verb === "read") return undefined;
			return this.fail(key, verb, error);
		}
	}

	private fail(key: string, verb: string, error: unknown): never {
		const name = nameOf(error);
		const text = messageOf(error);
		reject(
			`${this.name}/${key}`,
			`cannot be ${verb}: ${text.includes(name) ? text : `${name}: ${text}`}`,
			error,
		);
	}
}

function statusOf(error: unknown): number | undefined {
	const { $metadata: answer } = error as { $metadata?: { httpStatusCode?: number } };
	return answer?.httpStatusCode;
}

function nameOf(error: unknown): string {
	return error instanceof Error ? error.name : "";
}
