/** An S3-compatible server; the package has no types of its own. */
declare module "@20minutes/s3rver" {
    export default class S3rver {
        constructor(options: {
            readonly address: string;
            /** 0: a free one. */
            readonly port: number;
            /** Where the objects are kept. */
            readonly directory: string;
            readonly silent: boolean;
            readonly configureBuckets: readonly { readonly name: string }[];
        });
        /** Starts it. @returns the address that it listens on. */
        run(): Promise<{ readonly port: number }>;
        close(): Promise<void>;
    }
}
