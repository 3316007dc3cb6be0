/** A folder that holds helm and kubectl, built where it is missing. `say` gets a line about what it took. */
export function ensureClients(say?: (line: string) => void): Promise<string>
