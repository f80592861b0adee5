# Writes discharges.csv, measures.csv, curve.csv and loess.csv of this folder:
#   Rscript make_oracles.R        (R 4.2.2, pROC 1.18.0, rms 6.5-0; Debian 12)
# The tests read the CSVs only; R is needed only to make them again.
suppressPackageStartupMessages({library(pROC); library(rms)})

# Discharges: overconfident risks with ties (three decimals), several discharges a person.
set.seed(20260401)
n <- 500
person <- sample(1:340, n, replace = TRUE)
frailty <- rnorm(340, 0, 0.4)
x <- rnorm(n)
event <- rbinom(n, 1, plogis(-0.7 + 0.7 * x + frailty[person]))
risk <- round(plogis(-0.9 + 1.3 * x + rnorm(n, 0, 0.5)), 3)
risk <- pmin(pmax(risk, 0.005), 0.995)
write.csv(data.frame(person, event, risk), "discharges.csv", row.names = FALSE, quote = FALSE)

rows <- list()
keep <- function(measure, value, call) {
  rows[[length(rows) + 1]] <<- data.frame(measure, value = sprintf("%.15g", value), call)
}
l <- qlogis(risk)
v <- val.prob(risk, event, pl = FALSE)
r <- roc(event, risk, quiet = TRUE, direction = "<")
keep("auroc", as.numeric(auc(r)), "pROC::auc(pROC::roc(event, risk, direction = '<'))")
keep("auroc_delong_variance", as.numeric(var(r, method = "delong")), "pROC::var(roc, method = 'delong')")
keep("auroc_val_prob", v[["C (ROC)"]], "rms::val.prob(risk, event)['C (ROC)']")
keep("brier", v[["Brier"]], "rms::val.prob(risk, event)['Brier']")
keep("scaled_brier", 1 - mean((event - risk)^2) / (mean(event) * (1 - mean(event))),
     "1 - mean((event - risk)^2) / (mean(event) * (1 - mean(event)))")
keep("log_loss", -mean(dbinom(event, 1, risk, log = TRUE)), "-mean(dbinom(event, 1, risk, log = TRUE))")
keep("oe_ratio", sum(event) / sum(risk), "sum(event) / sum(risk)")
fixed <- glm(event ~ offset(l), family = binomial, control = glm.control(epsilon = 1e-14))
keep("calibration_intercept", coef(fixed)[[1]], "coef(glm(event ~ offset(qlogis(risk)), family = binomial))[1]")
weak <- glm(event ~ l, family = binomial, control = glm.control(epsilon = 1e-14))
keep("weak_intercept", coef(weak)[[1]], "coef(glm(event ~ qlogis(risk), family = binomial))[1]")
keep("calibration_slope", coef(weak)[[2]], "coef(glm(event ~ qlogis(risk), family = binomial))[2]")
keep("val_prob_intercept", v[["Intercept"]], "rms::val.prob(risk, event)['Intercept']")
keep("val_prob_slope", v[["Slope"]], "rms::val.prob(risk, event)['Slope']")
# PatientLevelPrediction 6.4 and later: R does not recognise an offset that is written with its package's name, so
# that the slope is fitted after all and the intercept is another one.
qualified <- glm(event ~ stats::offset(1 * l), family = binomial, control = glm.control(epsilon = 1e-14))
keep("qualified_offset_intercept", coef(qualified)[[1]],
     "coef(glm(event ~ stats::offset(1 * qlogis(risk)), family = binomial))[1]")
keep("qualified_offset_coefficients", length(coef(qualified)),
     "length(coef(glm(event ~ stats::offset(1 * qlogis(risk)), family = binomial)))")

# Flexible curve: restricted cubic spline with five knots at rms's default centiles, covariance robust to persons.
knots <- quantile(l, c(0.05, 0.275, 0.5, 0.725, 0.95))
spline <- lrm(event ~ rcs(l, knots), x = TRUE, y = TRUE, tol = 1e-12, eps = 1e-12, maxit = 50)
robust <- robcov(spline, cluster = person)
cal <- plogis(predict(spline))
keep("ici", mean(abs(risk - cal)), "mean(abs(risk - plogis(predict(rms::lrm(event ~ rcs(qlogis(risk), 5))))))")
keep("e50", median(abs(risk - cal)), "median(abs(risk - calibrated))")
keep("e90", as.numeric(quantile(abs(risk - cal), 0.9)), "quantile(abs(risk - calibrated), 0.9)")
grid <- seq(0.05, 0.80, by = 0.05)
p <- predict(robust, data.frame(l = qlogis(grid)), se.fit = TRUE)
write.csv(data.frame(risk = grid, observed = sprintf("%.12g", plogis(p$linear.predictors)),
                     log_odds_error = sprintf("%.12g", p$se.fit)),
          "curve.csv", row.names = FALSE, quote = FALSE)

# Loess, as Austin and Steyerberg (2019) fit it; the direct surface is exact, the default one interpolated.
local <- loess(event ~ risk)
keep("ici_loess", mean(abs(risk - predict(local))), "mean(abs(risk - predict(loess(event ~ risk))))")
exact <- loess(event ~ risk, control = loess.control(surface = "direct"))
keep("ici_loess_direct", mean(abs(risk - predict(exact, data.frame(risk = risk)))),
     "mean(abs(risk - predict(loess(event ~ risk, control = loess.control(surface = 'direct')))))")
write.csv(data.frame(risk = grid, observed = sprintf("%.12g", predict(exact, data.frame(risk = grid)))),
          "loess.csv", row.names = FALSE, quote = FALSE)

for (threshold in c(0.10, 0.20, 0.30)) {
  flagged <- risk >= threshold
  nb <- mean(flagged & event == 1) - mean(flagged & event == 0) * threshold / (1 - threshold)
  keep(sprintf("net_benefit@%.2f", threshold), nb,
       "mean(flagged & event == 1) - mean(flagged & event == 0) * t / (1 - t), flagged = risk >= t")
}
# Clustered AUROC variance of Obuchowski (1997), written out.
high <- risk[event == 1]; low <- risk[event == 0]
v10 <- sapply(high, function(a) mean((low < a) + 0.5 * (low == a)))
v01 <- sapply(low, function(b) mean((high > b) + 0.5 * (high == b)))
area <- mean(v10); m <- length(high); k <- length(low); ids <- sort(unique(person))
s1 <- sapply(ids, function(i) sum(v10[person[event == 1] == i] - area))
s0 <- sapply(ids, function(i) sum(v01[person[event == 0] == i] - area))
i1 <- length(unique(person[event == 1])); i0 <- length(unique(person[event == 0])); i <- length(ids)
keep("auroc_clustered_variance", i1 / (i1 - 1) * sum(s1^2) / m^2 + i0 / (i0 - 1) * sum(s0^2) / k^2 +
       2 * i / (i - 1) * sum(s1 * s0) / (m * k), "Obuchowski (1997), equations 3 to 6, written out in make_oracles.R")
limits <- poisson.test(37, 41.5)$conf.int
keep("poisson_lower", limits[1], "poisson.test(37, 41.5)$conf.int[1]")
keep("poisson_upper", limits[2], "poisson.test(37, 41.5)$conf.int[2]")
write.table(do.call(rbind, rows), "measures.csv", sep = ",", row.names = FALSE, qmethod = "double")
