# Silion with its server; `docker build -t silion .`, then `docker run --rm -p 8000:8000 -v silion:/data silion`
FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends git python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /silion
COPY . .
RUN python3 -m venv /opt/silion \
 && /opt/silion/bin/python -m pip install --no-cache-dir --constraint requirements.txt --constraint requirements-test.txt \
    psycopg2-binary .
ENV PATH=/opt/silion/bin:$PATH
RUN useradd --create-home silion && mkdir /data && chown silion /data
USER silion
WORKDIR /data
EXPOSE 8000
CMD ["silion", "serve", "--host", "0.0.0.0", "--port", "8000"]
