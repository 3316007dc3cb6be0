export { type Controller, controllerVersion, startController } from './controller.ts'
export { type ControllerOptions, defaultOptions, type HostPort } from './options.ts'
