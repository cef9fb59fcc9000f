/** An S3-compatible server. The package has no types of its own. */
declare module "@20minutes/s3rver" {
    export default class S3rver {
        constructor(options: {
            readonly address: string;
            /** The port; 0 for an unused one. */
            readonly port: number;
            /** The folder of the objects. */
            readonly directory: string;
            readonly silent: boolean;
            readonly configureBuckets: readonly { readonly name: string }[];
        });
        /** Starts the server. @returns its address. */
        run(): Promise<{ readonly port: number }>;
        close(): Promise<void>;
    }
}
