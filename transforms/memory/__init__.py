"""Translation memory: no text is translated twice. Knows neither Beam nor hosts nor texts."""
