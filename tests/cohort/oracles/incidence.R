# Writes incidence.csv: Aalen-Johansen estimates and their standard errors by survival::survfit, for the counts in the same file.
# Times are days + 1, so that an event on day 0 is one; events of a day come before censoring on it, as survfit has it.
library(survival)
set.seed(4)
n <- 400
day <- pmin(floor(rexp(n, 1 / 40)), 29)
state <- ifelse(day == 29 & runif(n) < 0.9, "censored", sample(c("readmitted", "died", "censored"), n, TRUE, c(0.6, 0.2, 0.2)))
status <- factor(state, levels = c("censored", "readmitted", "died"))
fit <- survfit(Surv(day + 1, status) ~ 1)
at <- summary(fit, times = 1:30, extend = TRUE)
count <- function(which) tabulate(day[state == which] + 1, 30)
out <- data.frame(day = 0:29, readmitted = count("readmitted"), died = count("died"), censored = count("censored"),
  readmission = at$pstate[, match("readmitted", fit$states)], readmission_error = at$std.err[, match("readmitted", fit$states)],
  death = at$pstate[, match("died", fit$states)], death_error = at$std.err[, match("died", fit$states)])
write.csv(format(out, digits = 15, trim = TRUE), "incidence.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "survival", as.character(packageVersion("survival")), "\n")
