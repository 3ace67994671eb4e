# egraph as a command: docker compose run --rm egraph mine /photos/horse …
# Computes on the CPU; the CUDA libraries that the index ships with torch lie unused unless the container is given a GPU.
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 egraph && mkdir /data /photos && chown egraph: /data
WORKDIR /opt/egraph

COPY requirements.lock ./
RUN pip install --no-cache-dir --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY cypher ./cypher
COPY service ./service
COPY cli ./cli
RUN pip install --no-cache-dir --no-deps .

USER egraph
ENV EGRAPH_HOME=/data TORCH_HOME=/data/torch
VOLUME /data
WORKDIR /photos
ENTRYPOINT ["egraph"]
CMD ["--help"]
