/** A folder that holds istiod's program, pilot-discovery, built where it is missing. `say` gets a line about what it took. */
export function ensureIstio(say?: (line: string) => void): Promise<string>
