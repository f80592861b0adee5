# Figures for tests/assessment/test_pooling.py: Rscript meta.R > meta.csv, with metafor from Debian (r-cran-metafor).
suppressMessages(library(metafor))
sets <- list(
  differ = list(y = c(0.51, 0.12, 0.85, 0.33, 0.62, -0.10, 0.47, 0.95), v = c(0.021, 0.034, 0.018, 0.052, 0.011, 0.047, 0.029, 0.063)),
  alike = list(y = c(0.50, 0.52, 0.49, 0.51), v = c(0.02, 0.03, 0.04, 0.05)),
  three = list(y = c(-0.20, 0.05, 0.31), v = c(0.004, 0.009, 0.006)),
  many = list(y = c(0.02, -0.11, 0.23, 0.08, -0.31, 0.17, 0.04, -0.05, 0.29, -0.14, 0.11, 0.06), v = c(0.011, 0.02, 0.015, 0.009, 0.03, 0.012, 0.025, 0.017, 0.04, 0.013, 0.022, 0.01)))
cat("set,y,v,tau2,mean,lower,upper,prediction_lower,prediction_upper\n")
for (name in names(sets)) {
  s <- sets[[name]]
  f <- rma(yi = s$y, vi = s$v, method = "REML", test = "adhoc", control = list(threshold = 1e-13, maxiter = 10000))
  p <- predict(f)
  for (i in seq_along(s$y))
    cat(sprintf("%s,%.10g,%.10g,%.12g,%.12g,%.12g,%.12g,%.12g,%.12g\n", name, s$y[i], s$v[i], f$tau2, f$b[1], f$ci.lb, f$ci.ub, p$pi.lb, p$pi.ub))
}
