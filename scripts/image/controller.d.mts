/** Writes the controller's image as the OCI layout `folder`; sizes in bytes. */
export function buildControllerImage(folder: string): { version: string; packed: number; unpacked: number }
