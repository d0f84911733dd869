export { type VirtualClock, virtualClock } from './virtual-clock.ts'
export { startOfTime, type VirtualRollout, type VirtualRolloutOptions, virtualRollout } from './virtual-rollout.ts'
export { aliveAndWell, type WorldMeasurement, type WorldSettings, worldMeasurement } from './world-measurement.ts'
