export { defaultLimits, type Limits } from './limits.ts'
export type { LocalBacks } from './local-backs.ts'
export { quietFor } from './quiet.ts'
export { createWatcher, type Watcher, type WatcherOptions } from './watcher.ts'
