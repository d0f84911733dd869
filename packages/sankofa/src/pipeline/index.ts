export type { CiSettings } from './ci/ci-settings.ts'
export { githubWorkflow, githubWorkflowPath } from './ci/github-workflow.ts'
export { gitlabCi, gitlabCiPath } from './ci/gitlab-ci.ts'
export { lefthookPath, lefthookYaml } from './ci/lefthook-yaml.ts'
export { type Written, writeMarked } from './ci/write-marked.ts'
export { type DockerComposeOptions, dockerComposePlacer } from './placing/docker-compose.ts'
export { type KamalOptions, kamalPlacer } from './placing/kamal.ts'
export type { PlacedRelease, Placer, PlacerOptions } from './placing/placer.ts'
export { pm2Placer } from './placing/pm2.ts'
export { type SystemdOptions, type SystemdTemplate, systemdPlacer, systemdTemplate } from './placing/systemd.ts'
export { type Project, readProject } from './project.ts'
export {
  type Remember,
  type RunOutcome,
  type RunStepsOptions,
  runSteps,
  type StepEvent,
  type StepFailure,
  type StepOutcome,
} from './run-steps.ts'
export { type ShowOptions, type StepView, showSteps } from './show-steps.ts'
export { type Skipped, type Step, type StepContext, stepFailed } from './step.ts'
export { type AcceptedAdvisory, type AuditOptions, auditStep } from './steps/audit.ts'
export { type FailingTest, failingTests } from './steps/failing-tests.ts'
export { installStep } from './steps/install.ts'
export { type ProveMigrationsOptions, proveMigrationsStep } from './steps/prove-migrations.ts'
export { buildStep, lintStep, type ScriptOptions, testStep, typecheckStep } from './steps/script-steps.ts'
export { type MeasuredSize, type SizeBudget, type SizeOptions, sizeStep } from './steps/size.ts'
export { type UpdateReport, type UpdateResult, updateLines } from './update/result.ts'
export { type UpdateEvent, type UpdateOptions, updatePackages } from './update/update-packages.ts'
