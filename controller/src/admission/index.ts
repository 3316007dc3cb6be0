export { Admission, type AdmissionOptions } from './admission.ts'
export type { Endpoint } from './configuration.ts'
