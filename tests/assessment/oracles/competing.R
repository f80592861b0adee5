# Writes competing_people.csv, competing_incidence.csv and competing_hazards.csv of this folder:
#   Rscript competing.R        (R 4.2.2, cmprsk 2.2-11, survival 3.5-3; Debian 12)
# The tests read the CSVs only; R is needed only to make them again.
suppressPackageStartupMessages({library(cmprsk); library(survival)})
set.seed(20260401)
n <- 600
person <- sample(1:430, n, replace = TRUE)
x <- rnorm(n)
p1 <- plogis(-1.2 + 0.6 * x); p2 <- plogis(-2.6 + 0.5 * x)
risk <- round(p1 * 0.9, 3)
u <- runif(n)
state <- ifelse(u < p1, "readmitted", ifelse(u < p1 + p2, "died", "none"))
day <- ifelse(state == "none", 29, pmin(floor(rexp(n, 1 / 12)), 29))
# some are last seen before the horizon
gone <- runif(n) < 0.15
seen <- floor(runif(n, 0, 29))
censored <- gone & seen < day
state[censored] <- "censored"; day[censored] <- seen[censored]
band <- cut(risk, quantile(risk, c(0, 0.2, 0.4, 0.6, 0.8, 1)), labels = FALSE, include.lowest = TRUE)
write.csv(data.frame(person, risk, band, state, day), "competing_people.csv", row.names = FALSE, quote = FALSE)

# Aalen-Johansen at the horizon, by band. Nobody is censored on the last day before those with an event on it: cuminc, like survfit,
# takes events of a day before censoring on it.
status <- match(state, c("readmitted", "died"), nomatch = 0)
fit <- cuminc(day + 1, status, group = band, cencode = 0)
at <- timepoints(fit, 30)
rows <- do.call(rbind, strsplit(rownames(at$est), " "))
multi <- survfit(Surv(day + 1, factor(status, 0:2, c("censored", "readmitted", "died"))) ~ band)
last <- summary(multi, times = 30, extend = TRUE)
pick <- function(what, b, s) what[b, match(s, multi$states)]
out <- data.frame(band = as.integer(rows[, 1]), state = c("readmitted", "died")[as.integer(rows[, 2])],
                  cuminc = sprintf("%.12g", at$est[, 1]))
out$survfit <- sprintf("%.12g", mapply(function(b, s) pick(last$pstate, b, s), out$band, out$state))
out$error <- sprintf("%.12g", mapply(function(b, s) pick(last$std.err, b, s), out$band, out$state))
write.csv(out, "competing_incidence.csv", row.names = FALSE, quote = FALSE)

l <- qlogis(risk)
hazards <- do.call(rbind, lapply(1:2, function(cause) {
  cox <- coxph(Surv(day + 1, status == cause) ~ l, cluster = person, ties = "breslow", control = coxph.control(eps = 1e-12))
  data.frame(cause = c("readmitted", "died")[cause], coefficient = sprintf("%.12g", coef(cox)),
             error = sprintf("%.12g", sqrt(cox$naive.var[1])), robust = sprintf("%.12g", sqrt(cox$var[1])))
}))
hazards$efron <- sprintf("%.12g", sapply(1:2, function(cause) coef(coxph(Surv(day + 1, status == cause) ~ l, ties = "efron", control = coxph.control(eps = 1e-12)))))
write.csv(hazards, "competing_hazards.csv", row.names = FALSE, quote = FALSE)
cat(R.version.string, "cmprsk", as.character(packageVersion("cmprsk")), "survival", as.character(packageVersion("survival")), "\n")
